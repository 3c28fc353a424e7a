<p class="buttons"><a class="button" href="/entry/new">New entry</a></p>
<form class="search" method="get" action="/" role="search">
<label for="q">Search</label>
<input type="search" id="q" name="q" value="{text}">
<button class="quiet" type="submit">Find</button>
</form>
{#if lines}
<table class="cards">
<caption>{count:num} entries{#if text} with “{text}”{/if}, newest first</caption>
<thead>
<tr><th scope="col">Date</th><th scope="col">Text</th><th scope="col">From</th><th scope="col">To</th><th class="n" scope="col">Amount</th><th scope="col"><span class="unseen">What to do</span></th></tr>
</thead>
<tbody>
{#for line in lines}
<tr>
<td class="date"><time datetime="{line.date}">{line.date}</time></td>
<td class="text"><a href="/entry/{line.id}">{line.text}</a>{#if line.memo} <span class="dim">{line.memo}</span>{/if}</td>
<td class="from">{line.from}</td>
<td class="to">{line.to}</td>
<td class="n">{line.cents:money}</td>
<td class="do"><a href="/entry/{line.id}/delete">Delete<span class="unseen"> {line.text}</span></a></td>
</tr>
{/for}
</tbody>
</table>
{#else}
<p>{#if text}No entry has “{text}” in it.{#else}No entries here.{/if}</p>
{/if}
<nav class="pages" aria-label="Pages">
{#if before}<a rel="prev" href="/?q={text:query}&amp;page={before}">Newer</a>{/if}
<span>Page {page} of {pages}</span>
{#if after}<a rel="next" href="/?q={text:query}&amp;page={after}">Older</a>{/if}
</nav>
