"""The local stack: embedded PostgreSQL and Airflow on loopback, started, adopted and stopped by `vwu up` and `down`.

state      the home folder: secrets, keys, addresses, the lock, free space
ports      free ports on loopback
processes  detached processes that carry a mark, found and stopped by it
account    the system account that PostgreSQL runs under when we are root
postgres   the embedded server: place, make, start, stop
server     what the product needs inside any PostgreSQL: roles, databases, migrations
airflow    Airflow's environment, components and health
superset   Superset's environment, dashboards and server
up         the two verbs
status     what runs where
"""


class StackError(Exception):
    """The stack cannot be brought to the state asked for; the message says why and what to do."""
