# Superset, whose pins contradict the product's: an image of its own, `bi`.
FROM python:3.11-slim-bookworm AS bi

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    SUPERSET_CONFIG_PATH=/opt/vwu/bi/superset_config.py \
    PGSERVICEFILE=/var/lib/vwu/superset/pg_service.conf

RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/vwu --shell /usr/sbin/nologin vwu \
    && install -d -o vwu -g vwu -m 0700 /var/lib/vwu /var/lib/vwu/superset

WORKDIR /opt/vwu
COPY requirements-bi.txt ./
RUN pip install --require-hashes --only-binary :all: -r requirements-bi.txt
COPY bi bi

USER 10001:10001
CMD ["python", "bi/install.py"]


# The product's one image: every service of docker-compose.yml but PostgreSQL, Redis and Superset runs it.
FROM python:3.11-slim-bookworm AS product

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    VWU_ROOT=/opt/vwu \
    VWU_HOME=/var/lib/vwu \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/vwu/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False

# Named volumes take owner and mode of these folders when they are first mounted.
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/vwu --shell /usr/sbin/nologin vwu \
    && install -d -o vwu -g vwu -m 0700 /var/lib/vwu /var/lib/vwu/landing /var/lib/vwu/superset /var/log/airflow /opt/airflow

WORKDIR /opt/vwu

# Requirements change seldom: their layer is kept while the code changes. Every file is checked against its hash.
COPY requirements.txt requirements-cluster.txt ./
RUN pip install --require-hashes --only-binary :all: -r requirements-cluster.txt

COPY pyproject.toml README.md ./
COPY src src
RUN pip install --no-deps --no-build-isolation .
COPY seeds seeds
COPY expectations expectations
COPY dbt_project dbt_project
COPY dags dags

USER 10001:10001
CMD ["vwu", "--help"]
