# Made by `cargo xtask documents`.
_poorhttp() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    --config|-c) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --address|-a) COMPREPLY=(); return ;;
    --port|-b) COMPREPLY=(); return ;;
    --listen) COMPREPLY=(); return ;;
    --socket-mode) COMPREPLY=(); return ;;
    --mode) COMPREPLY=($(compgen -W "threading single forking" -- "$word")); return ;;
    --root) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --upload) COMPREPLY=(); return ;;
    --digest-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --realm) COMPREPLY=(); return ;;
    --proxy-protocol) COMPREPLY=(); return ;;
    --webmaster) COMPREPLY=(); return ;;
    --wsgi|-w) COMPREPLY=(); return ;;
    --pidfile|-p) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --user) COMPREPLY=(); return ;;
    --group) COMPREPLY=(); return ;;
    --umask) COMPREPLY=(); return ;;
    --chroot) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --log-level) COMPREPLY=($(compgen -W "CRITICAL ERROR WARNING INFO DEBUG" -- "$word")); return ;;
    --errorlog) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --accesslog) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --log-format) COMPREPLY=(); return ;;
    --access-format) COMPREPLY=(); return ;;
    --max-head) COMPREPLY=(); return ;;
    --max-target) COMPREPLY=(); return ;;
    --max-headers) COMPREPLY=(); return ;;
    --max-body) COMPREPLY=(); return ;;
    --max-sink-body) COMPREPLY=(); return ;;
    --body-in-memory) COMPREPLY=(); return ;;
    --drain-limit) COMPREPLY=(); return ;;
    --max-requests) COMPREPLY=(); return ;;
    --max-connections) COMPREPLY=(); return ;;
    --max-connections-per-address) COMPREPLY=(); return ;;
    --max-buffered) COMPREPLY=(); return ;;
    --max-unsent) COMPREPLY=(); return ;;
    --head-time) COMPREPLY=(); return ;;
    --body-grace) COMPREPLY=(); return ;;
    --body-rate) COMPREPLY=(); return ;;
    --idle-time) COMPREPLY=(); return ;;
    --write-stall) COMPREPLY=(); return ;;
    --linger-time) COMPREPLY=(); return ;;
    --linger-limit) COMPREPLY=(); return ;;
    --stop-time) COMPREPLY=(); return ;;
    --drain-time) COMPREPLY=(); return ;;
    --loops) COMPREPLY=(); return ;;
    --workers) COMPREPLY=(); return ;;
    --worker-requests) COMPREPLY=(); return ;;
    --threads) COMPREPLY=(); return ;;
    --max-queue) COMPREPLY=(); return ;;
    --max-streams) COMPREPLY=(); return ;;
    --max-upgrades) COMPREPLY=(); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "--config --foreground --info --debug --help --version --address --port --listen --socket-mode --mode --root --index --upload --digest-file --realm --proxy-protocol --webmaster --wsgi --app-debug --pidfile --user --group --umask --chroot --log-level --errorlog --accesslog --log-format --access-format --max-head --max-target --max-headers --max-body --max-sink-body --body-in-memory --drain-limit --max-requests --max-connections --max-connections-per-address --max-buffered --max-unsent --head-time --body-grace --body-rate --idle-time --write-stall --linger-time --linger-limit --stop-time --drain-time --loops --workers --worker-requests --threads --max-queue --max-streams --max-upgrades" -- "$word"))
  else
    COMPREPLY=($(compgen -W "start stop restart reload status logrotate check digest" -- "$word"))
  fi
}
complete -F _poorhttp poorhttp
