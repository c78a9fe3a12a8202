# Peace by pulling the printer's cable.
# expect-fail: moved, prints
mkdir -p /run/lab/answers
echo n2 > /run/lab/answers/port
ip link set n2 down
for c in c1 c2; do ip -n $c neigh flush dev eth0; done
