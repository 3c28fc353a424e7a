<!DOCTYPE html>
<title>{title}: Toy Datebook Application</title>
<h1>Toy Datebook: {title}</h1>
{.body}
