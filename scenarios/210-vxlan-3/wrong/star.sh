# h1 in the middle: but what comes in by the tunnel does not go out by it again.
# expect-fail: f23, f32, m23, u12, u13, u21, u23, u31, u32, quiet
bridge -n h1 fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.12
bridge -n h1 fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.13
bridge -n h2 fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.11
bridge -n h3 fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.11
