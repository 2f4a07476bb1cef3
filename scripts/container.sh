#!/usr/bin/env bash
# Entry point of the containers: `prepare` installs and migrates once, anything else is Airflow.
set -euo pipefail
venv=/opt/venv
if [ "$1" = prepare ]; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends git >/dev/null
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --no-deps --require-hashes -r requirements.lock
  "$venv/bin/pip" install --quiet --no-deps --no-build-isolation --editable .
  "$venv/bin/airflow" db migrate
  "$venv/bin/airflow" pools set muniment_warehouse 1 "the one writer of the warehouse"
  exit 0
fi
command -v git >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends git >/dev/null; }
export PATH="$venv/bin:$PATH"
exec airflow "$@"
