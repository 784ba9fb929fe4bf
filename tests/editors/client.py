"""Opens, completes, mends and formats a workload through a language client of others, and prints what it saw as JSON.

    client.py THRONG
"""

import asyncio
import json
import os
import sys

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

URI = "file:///w.kdl"
BROKEN = "throng 1\nscenario s {\n    us\n"
MENDED = """throng 1
target t noop
behavior b { noop name=x }
scenario s {
  behavior b
  population { hold 1 for="1s" }
}
"""


async def main():
    client = LanguageClient("throng's tests", "1")
    told = asyncio.Queue(maxsize=16)

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params):
        told.put_nowait([diagnostic.code for diagnostic in params.diagnostics])

    await client.start_io(sys.argv[1], "lsp")
    started = await client.initialize_async(
        lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), process_id=os.getpid())
    )
    client.initialized(lsp.InitializedParams())
    seen = {"server": started.server_info.name}

    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(URI, "kdl", 1, BROKEN)))
    seen["opened"] = await told.get()
    document = lsp.TextDocumentIdentifier(URI)
    items = await client.text_document_completion_async(lsp.CompletionParams(document, lsp.Position(2, 6)))
    seen["completed"] = [item.label for item in items]
    hover = await client.text_document_hover_async(lsp.HoverParams(document, lsp.Position(1, 2)))
    seen["hovered"] = hover.contents.value

    whole = lsp.TextDocumentContentChangeWholeDocument(MENDED)
    changed = lsp.VersionedTextDocumentIdentifier(version=2, uri=URI)
    client.text_document_did_change(lsp.DidChangeTextDocumentParams(changed, [whole]))
    seen["mended"] = await told.get()
    options = lsp.FormattingOptions(tab_size=4, insert_spaces=True)
    edits = await client.text_document_formatting_async(lsp.DocumentFormattingParams(document, options))
    seen["formatted"] = [edit.new_text for edit in edits]
    symbols = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document))
    seen["listed"] = [symbol.name for symbol in symbols]

    await client.shutdown_async(None)
    client.exit(None)
    seen["code"] = await client._server.wait()
    await client.stop()
    print(json.dumps(seen))


asyncio.run(asyncio.wait_for(main(), 60))
