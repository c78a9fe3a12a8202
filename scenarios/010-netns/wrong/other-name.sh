# expect-fail: there, loopback, self, program
ip netns add bx
ip -n bx link set lo up
