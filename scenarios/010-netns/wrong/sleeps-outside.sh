# expect-fail: program
ip netns add box
ip -n box link set lo up
sleep 3600 >/dev/null 2>&1 &
