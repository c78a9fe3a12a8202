# The rule was right before.
# expect-fail: forgotten, remembered, stored
nft insert rule ip nat prerouting iifname wan udp dport 5000 dnat to 10.0.0.3
