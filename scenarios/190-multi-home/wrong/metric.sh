# A spare wheel is no second wheel.
# expect-fail: route2, reach2, by-eth1, not-by-eth0
mkdir -p /run/lab/answers
echo eth0 > /run/lab/answers/leaves-by
# on: srv
ip route add default via 10.0.2.1 dev eth1 metric 200
