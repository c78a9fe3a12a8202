# Everything works, and every machine gets a copy of everything.
# expect-fail: u12, u13, u21, u23, u31, u32, quiet
for from in 1 2 3; do
  for to in 1 2 3; do
    [ $from = $to ] || bridge -n h$from fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.1$to
  done
done
