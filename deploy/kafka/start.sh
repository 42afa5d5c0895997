#!/bin/bash
# Formats the volume at the first start, then runs the broker.
set -eu
settings=/etc/groupdesk/server.properties
if [ ! -f /var/lib/kafka/data/log/meta.properties ]; then
    cluster=$(/opt/kafka/bin/kafka-storage.sh random-uuid)
    /opt/kafka/bin/kafka-storage.sh format --cluster-id "$cluster" --config "$settings"
fi
exec /opt/kafka/bin/kafka-server-start.sh "$settings"
