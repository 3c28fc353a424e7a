// Sends the form by itself, to show how much of it has been sent.
const form = document.querySelector("form");
const sent = document.getElementById("sent");
const told = document.getElementById("told");
form.addEventListener("submit", event => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    sent.hidden = false;
    sent.value = total ? loaded / total : 0;
    told.textContent = `${loaded} of ${total} bytes`;
  });
  request.addEventListener("load", () => {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const list = page.querySelector("dl");
    told.replaceChildren(...(list ? [list] : [page.body ? page.body.textContent : "No answer."]));
  });
  request.addEventListener("error", () => { told.textContent = "The connection failed."; });
  request.open("POST", form.action);
  request.send(new FormData(form));
});
