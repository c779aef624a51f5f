# fish completion for tuicont: tuicont completion fish | source
function __tuicont_containers
    tuicont ps -a --format '{{.Names}}' 2>/dev/null
end
function __tuicont_running
    tuicont ps --format '{{.Names}}' 2>/dev/null
end
function __tuicont_images
    tuicont images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null
end
@LINES@
