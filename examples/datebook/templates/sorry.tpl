<p>There is no list of all appointments; those of the next days are on the <a href="/">dashboard</a>.</p>
