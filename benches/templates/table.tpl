<table>
{#for row in rows}<tr class="{row.kind}"><td>{row.id}</td><td>{row.name}</td><td>{row.mail}</td><td>{row.note}</td></tr>
{/for}</table>