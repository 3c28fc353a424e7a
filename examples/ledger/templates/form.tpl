<form method="post" enctype="{form.enctype}">
{form.all}
<p class="buttons">
<button type="submit">{button}</button>
{#if back}<a href="{back}">Cancel</a>{/if}
</p>
</form>
