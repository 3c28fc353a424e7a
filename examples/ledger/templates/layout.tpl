<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – Ledger</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<a class="skip" href="#main">Skip to content</a>
{#if is_known}
<nav aria-label="Ledger">
<a href="/">Entries</a>
<a href="/accounts">Accounts</a>
<a href="/import">Import</a>
<a href="/export.csv">Export</a>
<form method="post" action="/logout">
<input type="hidden" name="csrf_token" value="{token}">
<button class="quiet" type="submit">Log out</button>
</form>
</nav>
{/if}
<h1>{title}</h1>
</header>
<main id="main" tabindex="-1">
{#for text in said}
<p class="ok said" role="status"><span aria-hidden="true">✓ </span>{text}</p>
{/for}
{body}
</main>
</body>
</html>
