# The packet comes back, from 10.0.0.2 to 10.0.0.2.
# expect-fail: self
bridge link set dev c1 hairpin on
