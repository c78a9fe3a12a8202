# r1 is a neighbour of both and needs no row; ext still has none.
# expect-fail: where, route, c1, c2, client
mkdir -p /run/lab/answers
echo r1 > /run/lab/answers/stuck-at
# on: r1
ip route replace 10.0.0.0/24 dev eth0 proto kernel src 10.0.0.1
ip route add default via 203.0.113.10
