# "The lan is out of this interface": ext asks its own cable for 10.0.0.2's MAC, and nobody there has it.
# expect-fail: where, route, c1, c2, client
# on: ext
ip route add 10.0.0.0/24 dev eth0
