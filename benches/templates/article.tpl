<!doctype html>
<title>{title}</title>
<h2 id="c0">{title} 0</h2>
{#include chapter}{* the line end stays *}
<h2 id="c1">{title} 1</h2>
{#include chapter}{* the line end stays *}
<h2 id="c2">{title} 2</h2>
{#include chapter}{* the line end stays *}
<h2 id="c3">{title} 3</h2>
{#include chapter}{* the line end stays *}
<h2 id="c4">{title} 4</h2>
{#include chapter}{* the line end stays *}
<h2 id="c5">{title} 5</h2>
{#include chapter}{* the line end stays *}
<h2 id="c6">{title} 6</h2>
{#include chapter}{* the line end stays *}
<h2 id="c7">{title} 7</h2>
{#include chapter}{* the line end stays *}
<h2 id="c8">{title} 8</h2>
{#include chapter}{* the line end stays *}
<h2 id="c9">{title} 9</h2>
{#include chapter}{* the line end stays *}
<footer>{year}</footer>