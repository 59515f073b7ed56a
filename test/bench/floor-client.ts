import http from 'node:http';

/**
 * The floor: what a bare Node client costs that posts prepared bytes over one connection and looks at nothing.
 * @returns when the ACS has ended the session
 */
export async function runFloorSession(url: string, inform: Buffer, answer: Buffer): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    let body: Buffer = inform;
    let isInform = true;
    for (;;) {
      const status = await post(url, agent, body);
      if (status === 204) return;
      body = isInform ? Buffer.alloc(0) : answer;
      isInform = false;
    }
  } finally {
    agent.destroy();
  }
}

function post(url: string, agent: http.Agent, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      {
        agent,
        method: 'POST',
        headers: { 'Content-Type': 'text/xml; charset=utf-8', 'Content-Length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => {
          resolve(response.statusCode ?? 0);
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
