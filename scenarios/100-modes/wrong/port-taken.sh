# Two servers on one port of one stack: the second one ends.
# expect-fail: agent, agent-stack, agent-page, vault, vault-stack, vault-loopback, side, side-stack, side-page
tnet run --name side --network container:web -v /run/lab/bin:/lab:ro host /lab/lab-serve http 80 the side
