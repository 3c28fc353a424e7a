<p class="buttons"><a class="button" href="/account/new">New account</a></p>
<section>
<h2>What you have</h2>
<p>{now:money}, debts taken off.</p>
{#for chart in charts}
<div class="chart {chart.class}">{chart.svg}</div>
{/for}
</section>
<section>
<h2>Balances</h2>
<table>
<caption>All accounts. Income and debts are positive where they grow.</caption>
<thead><tr><th scope="col">Account</th><th scope="col">Kind</th><th class="n" scope="col">Balance</th></tr></thead>
<tbody>
{#for account in accounts}
<tr><td>{account.name}</td><td>{account.kind}</td><td class="n">{account.balance:money}</td></tr>
{/for}
</tbody>
</table>
</section>
