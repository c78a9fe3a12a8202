# Stations with addresses that can be written down, and tunnels that learn nothing by themselves.
for n in 1 2 3; do
  ip -n c$n link set eth0 address 02:00:00:00:00:0$n
  ip -n h$n link add vx0 type vxlan id 42 local 192.168.50.1$n dstport 4789 dev eth0 nolearning
  ip -n h$n link add name br0 type bridge
  ip -n h$n link set p master br0
  ip -n h$n link set vx0 master br0
  ip -n h$n link set vx0 up
  ip -n h$n link set br0 up
done
