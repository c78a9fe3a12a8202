# The wrong one gives in.
# expect-fail: mac1, mac2, shop1, shop2, moved, prints
# expect-guard: shop-address
mkdir -p /run/lab/answers
echo n2 > /run/lab/answers/port
# on: n1
ip addr add 10.0.0.81/24 dev eth0
ip addr del 10.0.0.80/24 dev eth0
