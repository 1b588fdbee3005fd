"""Bring Superset's own tables, its first user and our dashboards up to date. Runs in Superset's environment:

    .venv/bi/bin/python bi/install.py             migrate, make the user, import bi/assets
    .venv/bi/bin/python bi/install.py --export    write what was changed in Superset back into bi/assets

It may be run again at any time. What bi/assets has is replaced; what people made beside it stays.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ASSETS = Path(__file__).with_name("assets")
USER = "admin"


def main() -> None:
    """Install, or export with `--export`."""
    from superset.app import create_app

    with create_app().app_context():
        if "--export" in sys.argv:
            export_assets()
        else:
            migrate()
            ensure_user(os.environ["VWU_BI_PASSWORD"])
            import_assets()


def migrate() -> None:
    """Superset's own tables and roles."""
    import superset
    from flask_migrate import upgrade
    from superset.extensions import appbuilder, security_manager

    upgrade(directory=str(Path(superset.__file__).with_name("migrations")))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()


def ensure_user(password: str) -> None:
    """The first user; its password is the generated one, also when that was made anew."""
    from superset.extensions import security_manager

    user = security_manager.find_user(USER)
    if user is None:
        role = security_manager.find_role("Admin")
        security_manager.add_user(USER, "VWU", "Admin", f"{USER}@localhost", role, password)
    else:
        security_manager.reset_password(user.id, password)


def import_assets() -> None:
    """Everything in bi/assets, over what Superset holds under the same ids."""
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.extensions import security_manager
    from superset.utils.core import override_user

    contents = {path.relative_to(ASSETS).as_posix(): path.read_text("utf-8") for path in sorted(ASSETS.rglob("*.yaml"))}
    with override_user(security_manager.find_user(USER)):
        ImportAssetsCommand(contents).run()


def export_assets() -> None:
    """What our dashboards are made of as Superset exports it, each in the file that has it already, known by its id."""
    import yaml
    from superset.commands.dashboard.export import ExportDashboardsCommand
    from superset.extensions import db, security_manager
    from superset.models.dashboard import Dashboard
    from superset.utils.core import override_user

    known = {yaml.safe_load(path.read_text("utf-8")).get("uuid"): path for path in ASSETS.rglob("*.yaml")}
    ids = [key for (key,) in db.session.query(Dashboard.id).filter(Dashboard.slug.like("vwu-%")).order_by(Dashboard.id)]
    with override_user(security_manager.find_user(USER)):
        for name, content in ExportDashboardsCommand(ids).run():
            asset = yaml.safe_load(content())
            if "uuid" in asset:
                path = known.get(asset["uuid"], ASSETS / name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(yaml.safe_dump(asset, sort_keys=False, allow_unicode=True, width=120), "utf-8")


if __name__ == "__main__":
    main()
