<p>Really delete this entry? It cannot be brought back.</p>
<dl>
<dt>{line.date}, {line.text}</dt>
<dd>{line.cents:money} from {line.from} to {line.to}</dd>
</dl>
<form method="post">
{form.all}
<p class="buttons">
<button type="submit">Delete</button>
<a href="/">Keep it</a>
</p>
</form>
