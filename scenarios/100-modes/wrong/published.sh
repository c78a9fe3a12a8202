# -p opens a door between two stacks. With the host's there is only one; the program listens on port 80.
# expect-fail: agent-page
tnet run -d --name agent --network host -p 8080:80 -v /run/lab/bin:/lab:ro host /lab/lab-serve http 80 the agent &
tnet run -d --name vault --network none host sleep 3600 &
tnet run -d --name side --network container:web -v /run/lab/bin:/lab:ro host /lab/lab-serve http 81 the side &
wait
