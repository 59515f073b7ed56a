/** Bodies of envelopes in which an ACS calls a method, as raw text: shares nothing with src/cwmp. */

export function getParameterValues(name: string): string {
  return (
    '<cwmp:GetParameterValues><ParameterNames soap-enc:arrayType="xsd:string[1]">' +
    `<string>${name}</string></ParameterNames></cwmp:GetParameterValues>`
  );
}

export function setParameterValues(values: Readonly<Record<string, string>>, key = ''): string {
  const list = Object.entries(values).map(
    ([name, value]) =>
      `<ParameterValueStruct><Name>${name}</Name><Value>${value}</Value></ParameterValueStruct>`,
  );
  return (
    `<cwmp:SetParameterValues><ParameterList>${list.join('')}</ParameterList>` +
    `<ParameterKey>${key}</ParameterKey></cwmp:SetParameterValues>`
  );
}

/** SetParameterAttributes of one name's Notification. */
export function setNotification(name: string, notification: number): string {
  return (
    `<cwmp:SetParameterAttributes><ParameterList><SetParameterAttributesStruct><Name>${name}</Name>` +
    `<NotificationChange>1</NotificationChange><Notification>${notification}</Notification>` +
    '<AccessListChange>0</AccessListChange><AccessList></AccessList></SetParameterAttributesStruct></ParameterList>' +
    '</cwmp:SetParameterAttributes>'
  );
}

export function scheduleInform(delaySeconds: number, key: string): string {
  return (
    `<cwmp:ScheduleInform><DelaySeconds>${delaySeconds}</DelaySeconds>` +
    `<CommandKey>${key}</CommandKey></cwmp:ScheduleInform>`
  );
}
