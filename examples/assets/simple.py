# What the example `simple` would look like to readers of another language. It is never run: the
# example serves it as a file, in whole and in parts, with the validators and ranges that go with it.

app = Application("simple")
app.debug = True
app.set_filter("email", r"[\w\.\-]+@[\w\.\-]+")


class StorageFactory:
    """Makes a file of its own for each upload, under a name that the client does not choose."""

    def __init__(self, folder):
        self.folder = folder

    def create(self, filename):
        return open_new_file(self.folder, random_name(), shown_as=filename)


@app.before_response()
def log_request(req):
    log.info("%s %s", req.method, req.path)


@app.route("/")
def root(req):
    return page("Simple.py - Index", links(req))


@app.route("/test/<variable:int>")
@app.route("/test/<variable:email>")
def variable(req, variable):
    return page("Simple.py - Variable test", table(variable, req.uri_rule))


@app.route("/yield", method=POST)
def count_chunks(req):
    for number, chunk in enumerate(req.chunks()):
        if chunk != str(number):
            abort(400)
    return ""


httpd = make_server("127.0.0.1", 8080, app)
print("http://localhost:8080")
httpd.serve_forever()
