ip netns add box
ip -n box link set lo up
ip netns exec box sleep 3600 >/dev/null 2>&1 &
