<ul class="errors">
{#for form.list}
{#if error}
<li>{name}: {error}</li>
{/if}
{/for}
</ul>
<form method="post">
{#for form.list}
{group}
{/for}
<p><button type="submit">Save</button></p>
{extra}
</form>
