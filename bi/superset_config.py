"""Superset's settings, read by Superset itself (SUPERSET_CONFIG_PATH). What differs between machines comes from the
environment: the secret key and the address of Superset's own database.
"""

import os

SECRET_KEY = os.environ["VWU_BI_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = os.environ["VWU_BI_METADATA_URL"]

# Nothing is asked of any other host, and no script runs that is not Superset's own.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'", "'unsafe-eval'"],  # Handlebars compiles its templates
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
SESSION_COOKIE_SAMESITE = "Lax"
# Texts with layout are ours, from bi/assets; Superset's cleaner still takes out scripts.
HTML_SANITIZATION_SCHEMA_EXTENSIONS = {"attributes": {"*": ["style", "className", "title"]}, "tagNames": ["style"]}

# Numbers, dates and colours as in the report.
D3_FORMAT = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " đ"]}
D3_TIME_FORMAT = {
    "dateTime": "%H:%M %d/%m/%Y",
    "date": "%d/%m/%Y",
    "time": "%H:%M",
    "periods": ["SA", "CH"],
    "days": ["Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"],
    "shortDays": ["CN", "T2", "T3", "T4", "T5", "T6", "T7"],
    "months": [f"Tháng {month}" for month in range(1, 13)],
    "shortMonths": [f"Th{month}" for month in range(1, 13)],
}
CURRENCIES = ["VND"]
APP_NAME = "VWU"
THEME_DEFAULT = {
    "token": {
        "brandAppName": "Hội LHPN Việt Nam",
        "brandLogoAlt": "Hội LHPN Việt Nam",
        "colorPrimary": "#8a1c4a",
        "colorLink": "#8a1c4a",
        "colorError": "#a11f1f",
        "colorWarning": "#8a5a00",
        "colorSuccess": "#1d6b41",
        "colorInfo": "#5e1033",
        "fontFamily": 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif',
    },
    "algorithm": "default",
}
THEME_DARK = None
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "vwu",
        "description": "The report's colours, told apart without seeing red and green",
        "label": "VWU",
        "isDefault": True,
        "colors": ["#8a1c4a", "#d98a00", "#1f6f8b", "#5e1033", "#7a9e3b", "#b05a87", "#4b4b6b", "#c9b037"],
    }
]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "vwu_plum",
        "description": "From light to the Union's plum",
        "label": "VWU",
        "isDiverging": False,
        "colors": ["#f8e8ef", "#e9bdd0", "#d488aa", "#b34f7d", "#8a1c4a", "#5e1033"],
    }
]
