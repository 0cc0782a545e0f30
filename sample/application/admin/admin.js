"use strict";

const find = (id) => document.getElementById(id);

async function showHealth() {
  const place = find("health");
  try {
    const answer = await fetch("/api/health");
    const told = await answer.json();
    place.textContent = answer.ok
      ? `well, version ${told.version} (${told.commit.slice(0, 12)})`
      : `failing: ${told.failing.join(", ")}`;
    place.className = answer.ok ? "" : "bad";
  } catch {
    place.textContent = "the API does not answer";
    place.className = "bad";
  }
}

async function showCampaigns() {
  const answer = await fetch("/api/campaigns");
  if (!answer.ok) return;
  const { campaigns } = await answer.json();
  find("campaigns").replaceChildren(...campaigns.map((campaign) => {
    const item = document.createElement("li");
    item.textContent = [campaign.title, campaign.tagline, campaign.description]
      .filter(Boolean).join(" · ");
    return item;
  }));
}

find("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const answer = await fetch("/api/auth/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(Object.fromEntries(form)),
  });
  const told = await answer.json();
  find("answer").textContent = answer.ok ? `Welcome, ${told.user.email}` : told.error;
  find("answer").className = answer.ok ? "" : "bad";
  event.target.elements.password.value = "";
});

showHealth();
showCampaigns();
setInterval(showHealth, 10000);
