tnet run -d --name agent --network host -v /run/lab/bin:/lab:ro host /lab/lab-serve http 8080 the agent &
tnet run -d --name vault --network none host sleep 3600 &
tnet run -d --name side --network container:web -v /run/lab/bin:/lab:ro host /lab/lab-serve http 81 the side &
wait
