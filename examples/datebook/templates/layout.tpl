<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: Toy Datebook Application</title>
<link rel="icon" href="data:,">
</head>
<body>
<header>
<h1>Toy Datebook: {title}</h1>
<nav aria-label="Datebook"><a href="/">Dashboard</a> <a href="/contact">Contacts</a> <a href="/appt">Appointments</a></nav>
</header>
<main>
{body}
</main>
</body>
</html>
