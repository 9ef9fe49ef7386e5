INSERT INTO calls
WITH
    [
        'Buongiorno, la chiamo per la bolletta che risulta ancora aperta.',
        'Se non paga entro domani le stacchiamo la fornitura, poi si arrangia.',
        'Capisco che il momento è difficile, vediamo insieme una rata che possa sostenere.',
        'Questo mese non mi hanno ancora pagato, non ce la faccio.',
        'Non mi avete mai mandato la bolletta, è una vergogna.',
        'Guardi, dopo questa telefonata cambio gestore.',
        'Va bene, così posso farcela, la ringrazio davvero.',
        'O salda oggi oppure la pratica va dritta dall''avvocato.',
        'Mi dispiace per il disguido, le rimando subito la bolletta.',
        'Da zero a dieci, quanto è soddisfatto di questa telefonata?',
        'Mah, direi un sette.',
        'Cinquanta euro al mese li posso mettere, di più no.',
        'La situazione peggiora ogni giorno, cosa aspetta?',
        'C''è qualcosa che posso fare per renderle la cosa più semplice?',
        'Ma io ho già pagato a marzo, ho la ricevuta.',
        'La lettura del contatore è sbagliata, l''ho già detto tre volte.'
    ] AS phrases,
    (
        SELECT groupArray(arrayStringConcat(arrayMap(
            place -> concat(
                '{"speaker": "', if(place % 2 = 0, 'operator', 'customer'),
                '", "start": ', toString(place * 6), '.0, "end": ', toString(place * 6 + 5),
                '.5, "text": "', phrases[intDiv(cityHash64(number), place + 2) % 16 + 1], '"}'
            ),
            range(5)
        ), ', '))
        FROM numbers(512)
    ) AS halves,
    number * {every:UInt64} + {begin:UInt64} AS call,
    cityHash64(call) AS chance,
    ['acqua', 'acqua', 'acqua', 'acqua', 'acqua', 'acqua', 'luce', 'luce', 'luce', 'lift'] AS clients,
    {last:DateTime64(6, 'UTC')}
        - toIntervalMicrosecond(({calls:UInt64} - 1 - call) * intDiv(86400000000 * {days:UInt64}, {calls:UInt64})) AS at,
    chance % 100 >= 4 AS is_scored,
    toFloat64(intDiv(chance, 100) % 10000) / 10000 AS drawn
SELECT
    lower(hex(sipHash128(call))) AS event_id,
    clients[chance % 10 + 1] AS client_id,
    concat('agency-', toString(intDiv(chance, 10) % 21 % 6)) AS agency_id,
    concat('p:', lower(hex(sipHash128(intDiv(chance, 1000) % intDiv({calls:UInt64} + 3, 3))))) AS customer,
    at - toIntervalSecond(60 + chance % 400) AS started_at,
    at AS ended_at,
    ['credit_management', 'debt_collection', 'customer_care'][intDiv(chance, 7) % 3 + 1] AS service,
    ['reminder', 'lost_invoice', 'payment_plan', 'dispute', 'legal_notice', 'survey'][intDiv(chance, 11) % 6 + 1] AS touchpoint,
    ['phone', 'phone', 'phone', 'phone', 'email', 'whatsapp', 'web_chat'][intDiv(chance, 13) % 7 + 1] AS channel,
    ['household', 'household', 'small_business', 'large_company', 'public_body'][intDiv(chance, 17) % 5 + 1] AS customer_type,
    'it' AS language,
    true AS from_audio,
    if(is_scored, drawn, NULL) AS aggression,
    if(is_scored, 1 - drawn, NULL) AS empathy,
    if(is_scored, 1 - 2 * drawn, NULL) AS sentiment,
    if(is_scored, 0.1, NULL) AS sentiment_change,
    if(chance % 8 = 0, toUInt8(intDiv(chance, 8) % 11), NULL) AS survey_rating,
    if(chance % 8 = 1, toUInt8(intDiv(chance, 8) % 11), NULL) AS spoken_rating,
    if(chance % 8 > 1, toUInt8(intDiv(chance, 8) % 11), NULL) AS predicted_rating,
    chance % 9 = 0 AS churn_intent,
    chance % 5 = 0 AS promise_to_pay,
    arrayFilter(
        (name, place) -> bitTest(intDiv(chance, 19), place * 2) AND bitTest(intDiv(chance, 19), place * 2 + 1),
        ['billing_error', 'lost_invoice', 'operator_kindness', 'operator_rudeness', 'payment_plan', 'price', 'technical_fault', 'threat', 'waiting_time'],
        range(9)
    ) AS drivers,
    if(chance % 20 = 0, ['threat'], []) AS conduct,
    arrayMap(
        place -> (
            ['aggression.threat', 'empathy.help', 'sentiment.anger'][place % 3 + 1],
            toUInt32(place),
            substring(phrases[intDiv(chance, place + 2) % 16 + 1], 1, 20),
            0.5
        ),
        range(if(is_scored, 4, 0))
    ) AS quotes,
    concat('[', halves[intDiv(chance, 61) % 512 + 1], ', ', halves[intDiv(chance, 67) % 512 + 1], ']') AS turns,
    'bench' AS scorer_version,
    if(is_scored, NULL, 'low_transcription_confidence') AS why,
    'channels' AS speakers,
    [] AS turn_scores,
    [] AS driver_quotes,
    arrayStringConcat(drivers, ' ') AS driver_set,
    toUnixTimestamp64Micro(at) + {every:UInt64} AS version
FROM numbers({rows:UInt64})
