# The question is fast, the answer is not.
# expect-fail: back, rtt
# on: c1
ip route replace default via 10.0.0.2
