from vwu.gate.docs import without_network


def test_pages_load_nothing_from_elsewhere_and_keep_their_own() -> None:
    page = (
        '<head><link rel="stylesheet" href="https://cdn.example/x.css"><link href="static/own.css">'
        '<script src="https://cdn.example/x.js" crossorigin="anonymous"></script><script>own()</script></head>'
        '<body><img src="https://cdn.example/logo.png"/><a href="https://example.org">more</a></body>'
    )
    clean = without_network(page)
    assert "cdn.example" not in clean
    assert 'href="static/own.css"' in clean
    assert "own()" in clean
    assert '<a href="https://example.org">' in clean
    assert "<style>" in clean
