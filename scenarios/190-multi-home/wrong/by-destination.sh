# A rule that asks for the destination: everybody goes by eth1 now.
# expect-fail: route1, reach1, begins
mkdir -p /run/lab/answers
echo eth0 > /run/lab/answers/leaves-by
# on: srv
ip route add default via 10.0.2.1 dev eth1 table 200
ip rule add to 198.51.100.0/24 lookup 200
