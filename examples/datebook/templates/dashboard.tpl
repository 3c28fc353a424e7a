<h2>Appointments of the next seven days</h2>
{#if appointments}
<table>
<tr><th scope="col">Date</th><th scope="col">What</th><th scope="col">With</th></tr>
{#for one in appointments}
<tr><td><a href="/appt/{one.id}">{one.date}</a></td><td>{one.description}</td><td>{one.name}</td></tr>
{/for}
</table>
{#else}
<p>Zero.</p>
{/if}
<p><a href="/appt/new">New appointment</a></p>
<h2>Tasks</h2>
{#if tasks}
<table>
<tr><th scope="col"><a href="task/sort/priority">Priority</a></th><th scope="col">Title</th><th scope="col"><a href="task/sort/due">Due</a></th></tr>
{#for one in tasks}
<tr><td>{one.priority}</td><td><a href="/task/{one.id}">{one.title}</a></td><td>{one.due}</td></tr>
{/for}
</table>
{#else}
<p>There are no tasks. Sort those to come by <a href="task/sort/priority">priority</a> or <a href="task/sort/due">due</a>.</p>
{/if}
<p><a href="/task/new">New task</a></p>
