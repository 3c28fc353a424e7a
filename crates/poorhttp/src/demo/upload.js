// Sends the form by itself, and asks the server meanwhile how much of it has arrived.
const form = document.querySelector("form");
const bar = document.getElementById("sent");
const told = document.getElementById("told");
form.addEventListener("submit", event => {
  event.preventDefault();
  const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), byte =>
    byte.toString(16).padStart(2, "0")).join("");
  let running = true;
  const ask = async () => {
    try {
      const answer = await fetch(`progress/${id}`);
      if (answer.ok && running) {
        const { received, length } = await answer.json();
        bar.hidden = false;
        bar.value = length ? received / length : 0;
        told.textContent = `${received} of ${length} bytes have arrived`;
      }
    } catch {
      // The next one may come through.
    }
    if (running) setTimeout(ask, 100);
  };
  const request = new XMLHttpRequest();
  request.addEventListener("load", () => {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const list = page.querySelector("dl");
    bar.value = list ? 1 : 0;
    told.replaceChildren(...(list ? [list] : [page.body ? page.body.textContent : "No answer."]));
  });
  request.addEventListener("error", () => { told.textContent = "The connection failed."; });
  request.addEventListener("loadend", () => { running = false; });
  request.open("POST", `${form.action}?id=${id}`);
  request.send(new FormData(form));
  setTimeout(ask, 100);
});
