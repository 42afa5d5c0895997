#!/bin/bash
# Hands Evolution its secrets, which it takes from the environment only, then starts it as its own image does.
set -eu
AUTHENTICATION_API_KEY=$(cat /run/secrets/evolution_api_key)
export AUTHENTICATION_API_KEY
password=$(cat /run/secrets/evolution_database_password)
export DATABASE_CONNECTION_URI="postgresql://evolution:$password@evolution-database:5432/evolution?schema=evolution_api"
cd /evolution
set +eu
. ./Docker/scripts/deploy_database.sh && exec npm run start:prod
