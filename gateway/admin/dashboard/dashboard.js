'use strict';

async function poll() {
  const answer = await fetch('status');
  const status = await answer.json();
  document.getElementById('state').textContent = `${status.state}: ${status.tunnels.active} tunnels`;
}

poll();
