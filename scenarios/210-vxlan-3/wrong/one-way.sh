# h3 hears the others, and answers nobody.
# expect-fail: f23, f31, f32, m13, m23, u12, u13, u21, u23, u31, u32, quiet
bridge -n h1 fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.12
bridge -n h1 fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.13
bridge -n h2 fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.11
