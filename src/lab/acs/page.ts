/** The page's document; its style and script are beside it. Nothing is loaded from elsewhere. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Lab ACS</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<a class="skip" href="#main">Skip to the device</a>
<header class="top">
  <h1>Lab ACS</h1>
  <p class="address">CPEs connect to <code id="acs-url"></code></p>
  <p class="live" id="live" role="status">connecting…</p>
</header>
<div class="layout">
  <nav class="devices" aria-label="Devices">
    <h2>Devices <span class="count" id="device-count"></span></h2>
    <ul id="devices"></ul>
    <p class="empty" id="no-devices">No device has sent an Inform yet. Point a CPE at the address above.</p>
  </nav>
  <main id="main" tabindex="-1">
    <p class="empty" id="no-selection">Choose a device to see its data model.</p>
    <section id="device" hidden>
      <div class="device-head">
        <div>
          <h2 id="device-title"></h2>
          <p class="identity" id="device-identity"></p>
        </div>
        <button type="button" id="ping">Connection request</button>
      </div>
      <p class="notice" id="ping-result" role="status"></p>
      <dl class="facts" id="device-facts"></dl>
      <div class="tabs" role="tablist" aria-label="Views of the device">
        <button type="button" role="tab" id="tab-tree" aria-controls="panel-tree">Data model</button>
        <button type="button" role="tab" id="tab-informs" aria-controls="panel-informs">Informs</button>
        <button type="button" role="tab" id="tab-envelopes" aria-controls="panel-envelopes">Envelopes</button>
      </div>
      <div class="panel" role="tabpanel" id="panel-tree" aria-labelledby="tab-tree"></div>
      <div class="panel" role="tabpanel" id="panel-informs" aria-labelledby="tab-informs" hidden></div>
      <div class="panel" role="tabpanel" id="panel-envelopes" aria-labelledby="tab-envelopes" hidden></div>
    </section>
  </main>
  <aside class="feed" aria-label="Informs as they arrive">
    <h2>Live Informs</h2>
    <ol id="feed" aria-live="polite"></ol>
    <p class="empty" id="no-feed">They appear here as they arrive.</p>
  </aside>
</div>
<script src="/page.js" defer></script>
</body>
</html>
`;
