# expect-fail: where, route1, reach1, begins
mkdir -p /run/lab/answers
echo eth1 > /run/lab/answers/leaves-by
# on: srv
ip route replace default via 10.0.2.1 dev eth1
