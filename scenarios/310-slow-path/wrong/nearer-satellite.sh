# Takes the delay away from one end of the satellite's line, with whichever of the two makes it on this kernel.
# expect-fail: forth, back, rtt
# expect-guard: satellite
# on: sat
nft flush ruleset
tc qdisc del dev up root
