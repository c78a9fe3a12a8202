# Symmetric again, by the expensive uplink: now the first address has the trouble.
# expect-fail: way-back, first
mkdir -p /run/lab/answers
echo IPReversePathFilter > /run/lab/answers/counter
# on: srv
ip route replace 198.51.100.0/24 via 10.0.2.1
