# c1 knows web's MAC address now. web does not know c1's.
# expect-fail: page, neighbour, world, page-again
mac=$(ip netns exec web ip -o link show eth0 | sed 's/.*ether \([0-9a-f:]*\).*/\1/')
ip -n c1 -6 neigh replace 2001:db8:1::80 lladdr $mac dev eth0 nud permanent
