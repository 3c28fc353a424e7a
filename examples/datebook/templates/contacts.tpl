<form method="get" action="/contact/">
<label for="q">Find</label> <input type="search" id="q" name="q" value="{text}"> <button type="submit">Go</button>
</form>
{#if contacts}
<table>
<tr><th scope="col">Name</th><th scope="col">Phone</th><th scope="col">Email</th><th scope="col">Appointment</th></tr>
{#for one in contacts}
<tr><td><a href="/contact/{one.id}">{one.name}</a></td><td>{one.phone}</td><td>{one.email}</td><td><a href="/with_contact/{one.id}">choose</a></td></tr>
{/for}
</table>
{#else}
<p>There are no contacts here.</p>
{/if}
<p><a href="/contact/new">New contact</a></p>
